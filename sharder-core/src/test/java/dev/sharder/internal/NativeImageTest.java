package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The metadata for GraalVM's native-image. */
class NativeImageTest {

  private static final String METADATA =
      "/META-INF/native-image/dev.sharder/sharder-core/reachability-metadata.json";

  @Test
  @DisplayName("names the classes that Caffeine looks up for the cache of answers")
  void caffeine() throws Exception {
    Caffeine<Object, Object> cache = Caffeine.newBuilder().maximumSize(1);
    try (InputStream metadata = NativeImageTest.class.getResourceAsStream(METADATA)) {
      assertThat(new String(metadata.readAllBytes(), StandardCharsets.UTF_8))
          .contains('"' + lookedUpBy("LocalCacheFactory", cache) + '"')
          .contains('"' + lookedUpBy("NodeFactory", cache, false) + '"');
    }
  }

  private static String lookedUpBy(String factory, Object... arguments) throws Exception {
    String caffeine = Caffeine.class.getPackageName() + '.';
    for (Method method : Class.forName(caffeine + factory).getDeclaredMethods()) {
      if (method.getName().equals("getClassName")) {
        method.setAccessible(true);
        return caffeine + method.invoke(null, arguments);
      }
    }
    throw new AssertionError(factory + " names its classes in another way");
  }
}
