/**
 * Tenants in several databases with Spring Boot: an {@link
 * org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource} asks the library where the
 * current tenant lives.
 *
 * <p>A request says in a header whose it is ({@code TenantFilter}), which holds until the request
 * ends ({@code CurrentTenant}); where a connection is taken, the router looks up the tenant's bin
 * and takes one of that bin's pool ({@code TenantDataSource}). So the tenant must be known before a
 * transaction begins, and who has none gets an error, never somebody's database. The assignments
 * are in a database of their own, which is not routed ({@code TenantsApplication}).
 *
 * <p>A tenant is given its database when it signs up, and only then: if any request could do so,
 * every misspelt name would have a place for ever. What the library knows is where a tenant lives;
 * carrying its rows to another database is the application's affair ({@code TenantMover}).
 */
@NullMarked
package dev.sharder.examples.tenants;

import org.jspecify.annotations.NullMarked;
