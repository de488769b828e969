package dev.sharder.examples.tenants;

/** Thrown if no tenant is set or the tenant is unknown, so that there is no database to use. */
final class NoTenantException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  NoTenantException(String message) {
    super(message);
  }

  static NoTenantException unknown(String tenant) {
    return new NoTenantException(
        "tenant '%s' is not known; sign it up with PUT /tenants/ and its name".formatted(tenant));
  }
}
