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

/** Signs tenants up, and serves their notes. */
@RestController
final class TenantController {

  private static final Logger log = LoggerFactory.getLogger(TenantController.class);

  private final Sharder tenants;
  private final TenantNotes notes;

  TenantController(Sharder tenants, TenantNotes notes) {
    this.tenants = tenants;
    this.notes = notes;
  }

  /** Gives a tenant its database; may be asked again, as after a crash between the two steps. */
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

  /** Also where Spring wraps it, as it does at the beginning of a transaction. */
  @ExceptionHandler
  ProblemDetail explain(NoTenantException error) {
    return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, error.getMessage());
  }

  @ExceptionHandler
  ProblemDetail explain(InvalidValueException error) {
    return ProblemDetail.forStatusAndDetail(HttpStatus.BAD_REQUEST, error.getMessage());
  }

  @ExceptionHandler
  ProblemDetail askAgain(TransientDataAccessResourceException error) {
    return ProblemDetail.forStatusAndDetail(HttpStatus.SERVICE_UNAVAILABLE, error.getMessage());
  }

  /** Every database is full or closed, or the one with the assignments is away. */
  @ExceptionHandler
  ProblemDetail askAgain(SharderException error) {
    log.warn("refused for now: {}", error.getMessage());
    return ProblemDetail.forStatusAndDetail(
        HttpStatus.SERVICE_UNAVAILABLE, "no database can be told now; ask again in a moment");
  }
}
