package dev.sharder.examples.tenants;

/** Says that there is no tenant, or none of that name, and so no database to ask. */
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
