package dev.sharder.examples.hub.proxy;

import dev.sharder.examples.hub.nginx.RunningNginx;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** The real nginx, where it is installed, as its manuals set it up before a notebook server. */
record NginxUnderTest(RunningNginx nginx, Path folder) implements ProxyUnderTest {

  private static final String CONFIGURATION =
      """
      daemon off;
      pid nginx.pid;
      error_log nginx-error.log;
      events {}
      http {
        access_log off;
        client_body_temp_path body;
        proxy_temp_path proxy;
        fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi;
        scgi_temp_path scgi;
        map $http_upgrade $connection_upgrade { default ''; websocket upgrade; }
        map $http_upgrade $passed_upgrade { default ''; websocket websocket; }
        upstream target { server 127.0.0.1:TARGET; keepalive 32; }
        server {
          listen 127.0.0.1:PORT;
          client_max_body_size 0;
          location / {
            proxy_pass http://target;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_read_timeout 1h;
            proxy_send_timeout 1h;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $passed_upgrade;
            proxy_set_header Connection $connection_upgrade;
          }
        }
      }
      """;

  /** Starts it before a port, or skips the test. */
  static NginxUnderTest before(int target) throws IOException {
    Path folder = Files.createTempDirectory("nginx");
    return new NginxUnderTest(
        RunningNginx.start(
            folder,
            port ->
                CONFIGURATION
                    .replace("TARGET", String.valueOf(target))
                    .replace("PORT", String.valueOf(port))),
        folder);
  }

  @Override
  public int port() {
    return nginx.port();
  }

  @Override
  public void close() {
    try {
      nginx.close();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
