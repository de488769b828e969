package dev.sharder.examples.tenants;

import org.jspecify.annotations.Nullable;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Whose work this thread does, from {@link #enter} until it is closed. Other threads, such as those
 * of a pool or of a parallel stream, know nothing of it: enter there again.
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
   * Begins work for a tenant, to be closed with try.
   *
   * @throws IllegalStateException if a transaction has begun, which would go on in the database
   *     that its connection was taken from
   */
  static CurrentTenant enter(String tenant) {
    if (TransactionSynchronizationManager.isActualTransactionActive()) {
      throw new IllegalStateException(
          "a transaction has begun and stays in its database; enter tenant '%s' before it begins"
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
          "no tenant is set; send the header %s, or enter one before the transaction begins"
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
