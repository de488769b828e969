package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.atlassian.oai.validator.OpenApiInteractionValidator;
import com.atlassian.oai.validator.model.Request;
import com.atlassian.oai.validator.model.SimpleRequest;
import com.atlassian.oai.validator.model.SimpleResponse;
import com.atlassian.oai.validator.report.ValidationReport;
import com.atlassian.oai.validator.report.ValidationReport.Message;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import io.undertow.util.PathTemplateMatcher;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the OpenAPI file says there is, held against what is seen of the server. */
public final class OpenApiDescription {

  private static final String TEXT = text();
  private static final OpenAPI FILE = parsed();
  private static final OpenApiInteractionValidator VALIDATOR =
      OpenApiInteractionValidator.createForInlineApiSpecification(TEXT).build();

  /** An operation of the file, such as {@code GET /kinds/{kind}/bins}. */
  public record Described(String method, String path, boolean hasBody, Set<String> statuses) {

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  private final PathTemplateMatcher<String> paths = new PathTemplateMatcher<>();
  private final Set<String> seen = new TreeSet<>();

  public OpenApiDescription() {
    FILE.getPaths().keySet().forEach(path -> paths.add(path, path));
  }

  public static String text() {
    try (InputStream file = RestApiHandler.class.getResourceAsStream("openapi.yaml")) {
      return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static OpenAPI parsed() {
    SwaggerParseResult result = new OpenAPIV3Parser().readContents(TEXT);
    assertThat(result.getMessages()).isEmpty();
    return result.getOpenAPI();
  }

  public static List<Described> operations() {
    List<Described> operations = new ArrayList<>();
    FILE.getPaths()
        .forEach(
            (path, item) ->
                item.readOperationsMap()
                    .forEach(
                        (method, operation) ->
                            operations.add(
                                new Described(
                                    method.name(),
                                    path,
                                    operation.getRequestBody() != null,
                                    operation.getResponses().keySet()))));
    return operations;
  }

  /** The methods that a path has, with the one that comes with GET. */
  public static Map<String, Set<String>> methods() {
    Map<String, Set<String>> methods = new TreeMap<>();
    FILE.getPaths().forEach((path, item) -> methods.put(path, methods(item)));
    return methods;
  }

  private static Set<String> methods(PathItem item) {
    Set<String> methods = new TreeSet<>();
    item.readOperationsMap().keySet().forEach(method -> methods.add(method.name()));
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    return methods;
  }

  /** Holds an exchange against the file; what was done must also have been asked rightly. */
  public ApiAnswer check(ApiAnswer reply) {
    String path = reply.path().substring(RestApiHandler.BASE.length());
    String template = paths.match(path).getValue();
    seen.add(reply.method() + " " + template + " " + reply.status());
    Request.Method method = Request.Method.valueOf(reply.method());
    assertThat(complaints(VALIDATOR.validateResponse(reply.path(), method, response(reply))))
        .as("%s %s %d: %s", reply.method(), path, reply.status(), reply.body())
        .isEmpty();
    if (reply.status() < 300) {
      assertThat(requestComplaints(reply)).as(reply.toString()).isEmpty();
    }
    return reply;
  }

  /** What the file has against a request. */
  public static List<String> requestComplaints(ApiAnswer reply) {
    SimpleRequest.Builder request =
        new SimpleRequest.Builder(Request.Method.valueOf(reply.method()), reply.path());
    reply
        .response()
        .request()
        .headers()
        .map()
        .forEach((name, values) -> request.withHeader(name, values));
    for (String pair : reply.query().isEmpty() ? new String[0] : reply.query().split("&", -1)) {
      String[] parts = pair.split("=", 2);
      request.withQueryParam(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    if (!reply.sent().isEmpty()) {
      request.withBody(reply.sent());
    }
    return complaints(VALIDATOR.validateRequest(request.build()));
  }

  private static SimpleResponse response(ApiAnswer reply) {
    SimpleResponse.Builder response = SimpleResponse.Builder.status(reply.status());
    reply.response().headers().map().forEach((name, values) -> response.withHeader(name, values));
    return response.withBody(reply.body()).build();
  }

  private static List<String> complaints(ValidationReport report) {
    return report.getMessages().stream()
        .filter(message -> message.getLevel() == ValidationReport.Level.ERROR)
        .map(Message::getMessage)
        .toList();
  }

  /** Demands that everything in the file has been seen. */
  public void assertAllSeen() {
    Set<String> described = new TreeSet<>();
    for (Described operation : operations()) {
      operation.statuses().forEach(status -> described.add(operation + " " + status));
    }
    assertThat(described).isNotEmpty();
    assertThat(seen).containsExactlyElementsOf(described);
  }
}
