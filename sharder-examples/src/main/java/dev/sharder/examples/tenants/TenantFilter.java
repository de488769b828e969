package dev.sharder.examples.tenants;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Sets the tenant that the request's header names, and clears it after the request, because the
 * thread's next request may be for another tenant. A header is easy to try out; where clients are
 * not trusted, take the tenant from the authenticated user.
 */
@Component
final class TenantFilter extends OncePerRequestFilter {

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String tenant = request.getHeader(CurrentTenant.HEADER);
    if (tenant == null) {
      chain.doFilter(request, response);
      return;
    }
    // The servlet container decodes headers as ISO 8859-1; names are UTF-8.
    CurrentTenant scope =
        CurrentTenant.enter(
            new String(tenant.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    try (scope) {
      chain.doFilter(request, response);
    }
  }
}
