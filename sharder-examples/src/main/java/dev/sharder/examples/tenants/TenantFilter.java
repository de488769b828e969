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
 * Has a request work for the tenant that its header names, and nobody once it is answered: the
 * thread's next request is somebody else's. A header is easy to try; where anybody can send one,
 * take the tenant from who is logged in.
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
    // HTTP hands over bytes as characters; a name is what they are in UTF-8.
    CurrentTenant scope =
        CurrentTenant.enter(
            new String(tenant.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
    try (scope) {
      chain.doFilter(request, response);
    }
  }
}
