package dev.sharder.examples.tenants;

import org.jspecify.annotations.Nullable;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * The tenant that this thread works for, from {@link #enter} until this is closed. Other threads,
 * such as those of a pool or of a parallel stream, do not inherit it: call {@code enter} there too.
 */
final class CurrentTenant implements AutoCloseable {

  /** The header of a request that names its tenant. */
  static final String HEADER = "X-Tenant";

  private static final ThreadLocal<@Nullable String> CURRENT = new ThreadLocal<>();

  private final @Nullable String before;

  private CurrentTenant(@Nullable String before) {
    this.before = before;
  }

  /**
   * Starts work for a tenant; close the result with try-with-resources.
   *
   * @throws IllegalStateException if a transaction is active, because it would continue in the
   *     database of its connection
   */
  static CurrentTenant enter(String tenant) {
    if (TransactionSynchronizationManager.isActualTransactionActive()) {
      throw new IllegalStateException(
          "a transaction is active and stays in its database; enter tenant '%s' before the transaction starts"
              .formatted(tenant));
    }
    CurrentTenant scope = new CurrentTenant(CURRENT.get());
    CURRENT.set(tenant);
    return scope;
  }

  /**
   * Returns the tenant.
   *
   * @throws NoTenantException if there is none
   */
  static String name() {
    String tenant = CURRENT.get();
    if (tenant == null) {
      throw new NoTenantException(
          "no tenant is set; send the header %s, or enter a tenant before the transaction starts"
              .formatted(HEADER));
    }
    return tenant;
  }

  @Override
  public void close() {
    if (before == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(before);
    }
  }
}
