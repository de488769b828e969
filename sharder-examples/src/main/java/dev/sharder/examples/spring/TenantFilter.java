package dev.sharder.examples.spring;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Has a request work for the tenant that its header names, and nobody once it is answered: the
 * thread's next request is somebody else's. A header is easy to try; where anybody can send one,
 * take the tenant from who is logged in.
 */
@Component
final class TenantFilter extends OncePerRequestFilter {

  static final String HEADER = "X-Tenant";

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String tenant = request.getHeader(HEADER);
    if (tenant == null) {
      chain.doFilter(request, response);
      return;
    }
    CurrentTenant scope = CurrentTenant.enter(tenant);
    try (scope) {
      chain.doFilter(request, response);
    }
  }
}
