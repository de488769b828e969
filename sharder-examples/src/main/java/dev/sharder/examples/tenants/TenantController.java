package dev.sharder.examples.tenants;

import dev.sharder.InvalidValueException;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Signs up tenants and serves their notes. */
@RestController
final class TenantController {

  private static final Logger log = LoggerFactory.getLogger(TenantController.class);

  private final Sharder tenants;
  private final TenantNotes notes;

  TenantController(Sharder tenants, TenantNotes notes) {
    this.tenants = tenants;
    this.notes = notes;
  }

  /**
   * Assigns a tenant to a database; safe to repeat, such as after a crash between the two steps.
   */
  @PutMapping("/tenants/{tenant}")
  String signUp(@PathVariable String tenant) {
    String bin = tenants.assign(tenant).bin();
    CurrentTenant scope = CurrentTenant.enter(tenant);
    try (scope) {
      notes.signUp();
    }
    return bin;
  }

  @PostMapping(path = "/notes", consumes = MediaType.TEXT_PLAIN_VALUE)
  void add(@RequestBody String text) {
    notes.add(text);
  }

  @GetMapping("/notes")
  List<String> all() {
    return notes.all();
  }

  /**
   * Also handles it as the cause of another exception: Spring wraps it when a transaction starts.
   */
  @ExceptionHandler
  ProblemDetail explain(NoTenantException error) {
    return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, error.getMessage());
  }

  @ExceptionHandler
  ProblemDetail explain(InvalidValueException error) {
    return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, error.getMessage());
  }

  @ExceptionHandler
  ProblemDetail tryAgain(TransientDataAccessResourceException error) {
    return ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE, error.getMessage());
  }

  /** Every database is full or closed, or the database with the assignments is unavailable. */
  @ExceptionHandler
  ProblemDetail tryAgain(SharderException error) {
    log.warn("request refused: {}", error.getMessage());
    return ProblemDetail.forStatusAndDetail(
        HttpStatus.SERVICE_UNAVAILABLE, "no tenant database is available now; try again later");
  }
}
