package dev.sharder.examples.hub.nginx;

import dev.sharder.examples.hub.server.RunningHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A hub sharder behind the real nginx, with a configuration of {@code deploy/nginx} in which
 * nothing is changed but ports and where temporary files go.
 */
public record DeployedSharder(String database, RunningHub sharder, RunningNginx nginx)
    implements AutoCloseable {

  private static final String PROXY_SECRETS = "proxy-secrets: [" + RunningHub.SECRET + "]\n";

  /** The configurations, each with what names the hub in it. */
  public enum DeployedWay {
    COOKIE("cookie.conf", "$cookie_hub"),
    SIGNED("cookie.conf", "$cookie_hub") {
      @Override
      public String takenIn(String deployed) {
        return deployed
            .replace("#auth_request /sharder-check", "auth_request /sharder-check")
            .replace("#error_page 401", "error_page 401");
      }
    },
    /** Hands all cookies on, as the file once did. */
    SIGNED_IN_AN_OLDER_FILE("cookie.conf", "$cookie_hub") {
      @Override
      public String takenIn(String deployed) {
        return SIGNED.takenIn(deployed).replaceAll("(?m)^ *proxy_set_header Cookie .*\n", "");
      }
    },
    SIGNED_WITH_SINGLE_SIGN_ON("cookie.conf", "$cookie_hub") {
      @Override
      public String takenIn(String deployed) {
        return SINGLE_SIGN_ON.takenIn(SIGNED.takenIn(deployed));
      }
    },
    /** With only one half of what the comments offer. */
    SINGLE_SIGN_ON_WITH_A_WAY_ROUND("cookie.conf", "$cookie_hub") {
      @Override
      public String takenIn(String deployed) {
        return SINGLE_SIGN_ON
            .takenIn(deployed.replace("#error_page 401", "error_page 401"))
            .replace("    auth_request /sso", "    set $user $remote_user;\n    auth_request /sso");
      }
    },
    AUTHORITATIVE_WITH_SINGLE_SIGN_ON("authoritative.conf", "$sharder_bin") {
      @Override
      public String takenIn(String deployed) {
        return deployed
            .replaceAll("(?m)^ *auth_basic.*\n", "    auth_request /sso;\n")
            .replaceFirst("(?m)^ *auth_request /sso;\n", "")
            .replace("    location / {", ASK + "    location / {")
            .replaceFirst("\\}\\s*$", Matcher.quoteReplacement(SSO + "}"));
      }
    },
    BASE_URL("cookie.conf", "$first") {
      @Override
      public String takenIn(String deployed) {
        return deployed.replace("#map $request_uri", "map $request_uri");
      }
    },
    SINGLE_SIGN_ON("cookie.conf", "$cookie_hub") {
      @Override
      public String takenIn(String deployed) {
        return deployed
            .replaceAll("(?m)^ *(auth_basic|set \\$user).*\n", "")
            .replace("#auth_request /sso", "auth_request /sso")
            .replace("#auth_request_set", "auth_request_set")
            .replace("    location / {", ASK + "    location / {")
            .replaceFirst("\\}\\s*$", Matcher.quoteReplacement(SSO + "}"));
      }
    },
    AUTHORITATIVE("authoritative.conf", "$sharder_bin"),
    AUTHORITATIVE_WITH_THE_MAP_OF_THE_COOKIE("authoritative.conf", "$cookie_hub"),
    COOKIE_WITH_OPERATORS("cookie.conf", "$cookie_hub") {
      @Override
      public String takenIn(String deployed) {
        return withOperators(deployed);
      }
    },
    AUTHORITATIVE_WITH_OPERATORS("authoritative.conf", "$sharder_bin") {
      @Override
      public String takenIn(String deployed) {
        return withOperators(deployed);
      }
    },
    LTI("lti.conf", "$cookie_hub");

    private static String withOperators(String deployed) {
      return deployed.replaceAll("(?m)^  #(?=server|  |\\})", "  ");
    }

    private static final String ASK =
        """
        location = /sso {
          internal;
          auth_request off;
          proxy_set_header Host sso;
          proxy_pass http://127.0.0.1:8000;
        }
        """;

    /** Stands for a single sign-on: accepts any user that the header names. */
    private static final String SSO =
        """
        server {
          listen 127.0.0.1:8000;
          server_name sso;
          location / {
            add_header X-Auth-Request-User $http_x_logged_in always;
            if ($http_x_logged_in = "") {
              return 401;
            }
            return 204;
          }
        }
        """;

    private final String file;
    private final String variable;

    /** The configuration with what its comments offer for this way. */
    public String takenIn(String deployed) {
      return deployed;
    }

    DeployedWay(String file, String variable) {
      this.file = file;
      this.variable = variable;
    }
  }

  /**
   * Starts both in an empty folder, with hub-1, hub-2 and so on at these ports, or skips the test
   * where nginx is not installed.
   */
  public static DeployedSharder start(
      Path folder, DeployedWay way, List<Integer> hubs, String... settings) throws IOException {
    return startAt(folder, way, hubs.stream().map(port -> "127.0.0.1:" + port).toList(), settings);
  }

  /** Starts both with the hubs at these addresses. */
  public static DeployedSharder startAt(
      Path folder, DeployedWay way, List<String> hubs, String... settings) throws IOException {
    RunningNginx.assumeInstalled();
    String database = "jdbc:sqlite:" + folder.resolve("sharder.db");
    Path config = folder.resolve("sharder.yml");
    Files.writeString(config, bins(hubs) + PROXY_SECRETS + String.join("\n", settings));
    Files.writeString(
        folder.resolve("sharder-secret.conf"),
        "proxy_set_header X-Sharder-Secret \"%s\";\n".formatted(RunningHub.SECRET));
    RunningHub sharder = RunningHub.start(database, config);
    try {
      RunningHub.command(
          database,
          "nginx-map",
          "--config",
          config.toString(),
          "--variable",
          way.variable,
          folder + "/hubs.conf");
      Files.copy(Path.of("deploy/nginx/identity.conf"), folder.resolve("identity.conf"));
      String deployed = way.takenIn(Files.readString(Path.of("deploy/nginx", way.file)));
      RunningNginx nginx =
          RunningNginx.start(folder, port -> moved(deployed, port, sharder.port()));
      return new DeployedSharder(database, sharder, nginx);
    } catch (IOException | RuntimeException | Error failure) {
      sharder.close();
      throw failure;
    }
  }

  /** Runs a command of the program beside the running server. */
  public void command(String... arguments) {
    RunningHub.command(database, arguments);
  }

  private static String bins(List<String> hubs) {
    return IntStream.range(0, hubs.size())
        .mapToObj(i -> "- {name: hub-%d, labels: {address: '%s'}}\n".formatted(i + 1, hubs.get(i)))
        .collect(Collectors.joining("", "bins:\n", ""));
  }

  private static String moved(String deployed, int nginx, int sharder) {
    return """
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr warn;
        """
        + inOneFolder(deployed, ".")
            .replace("127.0.0.1:8000", "127.0.0.1:" + nginx)
            .replace("127.0.0.1:8888", "127.0.0.1:" + sharder);
  }

  /** The same configuration, with whatever nginx writes in a folder. */
  public static String inOneFolder(String deployed, String folder) {
    return deployed.replace(
        "http {",
        """
        http {
          access_log off;
          client_body_temp_path @/body;
          proxy_temp_path @/proxy;
          fastcgi_temp_path @/fastcgi;
          uwsgi_temp_path @/uwsgi;
          scgi_temp_path @/scgi;
        """
            .replace("@", folder));
  }

  @Override
  public void close() throws InterruptedException {
    nginx.close();
    sharder.close();
  }
}
