/**
 * Tenants in several databases with Spring Boot: an {@link
 * org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource} looks up the current
 * tenant's database with the library.
 *
 * <p>A header names the tenant of a request ({@code TenantFilter}), which stays set until the
 * request ends ({@code CurrentTenant}). When a connection is taken, the router looks up the
 * tenant's bin and takes a connection from that bin's pool ({@code TenantDataSource}). So the
 * tenant must be set before a transaction starts; without a tenant there is an error, never another
 * tenant's database. The assignments are in a separate database, which is not routed ({@code
 * TenantsApplication}).
 *
 * <p>A tenant is assigned to a database only when it signs up: if any request could do so, every
 * misspelt name would be assigned permanently. The library knows where a tenant lives; moving its
 * rows to another database is the application's job ({@code TenantMover}).
 */
@NullMarked
package dev.sharder.examples.tenants;

import org.jspecify.annotations.NullMarked;
