package dev.sharder.examples;

import static java.net.InetAddress.getLoopbackAddress;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.InvalidValueException;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.io.IOException;
import java.net.InetSocketAddress;

/** Redirects each user that the reverse proxy names to one of three hubs, always the same one. */
public record MinimalHandler(Sharder hubs) {
  /**
   * Listens on localhost only: a client can claim to be any user, so only the proxy may connect.
   */
  static HttpServer serve(Sharder hubs, int port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(getLoopbackAddress(), port), 0);
    server.createContext("/shard", new MinimalHandler(hubs)::answer);
    server.start();
    return server;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try {
      String hub = hubs.assign(user(exchange)).bin();
      exchange.getResponseHeaders().set("Set-Cookie", "hub=" + hub + "; Path=/; HttpOnly");
      exchange.getResponseHeaders().set("Location", "/hub/");
      exchange.sendResponseHeaders(302, -1);
    } catch (InvalidValueException badName) {
      refuse(exchange, 400, "this user name is not valid");
    } catch (SharderException failure) {
      refuse(exchange, 503, "no hub is available now; try again later");
    }
    exchange.close();
  }

  private static String user(HttpExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst("REMOTE_USER");
    return header == null ? "" : new String(header.getBytes(ISO_8859_1), UTF_8);
  }

  private static void refuse(HttpExchange exchange, int status, String line) throws IOException {
    exchange.sendResponseHeaders(status, 0);
    exchange.getResponseBody().write((line + "\n").getBytes(UTF_8));
  }

  public static void main(String[] args) throws IOException {
    HikariDataSource database = new HikariDataSource();
    database.setJdbcUrl("jdbc:sqlite:sharder.db");
    JdbiAssignmentStore store = JdbiAssignmentStore.create(database);
    serve(Sharder.builder("hub", store).bins("hub-1", "hub-2", "hub-3").build(), 8888);
  }
}
