package dev.sharder.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;
import dev.sharder.Sharder;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Listing;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.sqlite.SQLiteDataSource;

@DisplayName("A name that is taken is stored and comes back character for character")
@Timeout(30)
class NameFuzzTest {

  private static final String KIND = "hub";
  private static final AssignmentStore STORE = inMemory();
  private static final Sharder SHARDER = Sharder.builder(KIND, STORE).bins("hub-1").build();
  private static final ShardAdmin ADMIN = ShardAdmin.builder(KIND, STORE).build();
  private static final Note NOTE = new Note("test", "");

  private static AssignmentStore inMemory() {
    SQLiteDataSource database = new SQLiteDataSource();
    database.setUrl("jdbc:sqlite::memory:");
    return JdbiAssignmentStore.create(database);
  }

  /** The lines are names; where the first byte is 0xFE they are UTF-16, also with broken pairs. */
  @FuzzTest
  void comesBackAsItWas(byte[] input) throws CharacterCodingException {
    List<String> taken = new ArrayList<>();
    for (String name : text(input).split("\n", 3)) {
      if (isTaken(name)) {
        taken.add(name);
        SHARDER.assign(name);
      }
    }
    for (String name : taken) {
      assertThat(UTF_8.decode(UTF_8.newEncoder().encode(CharBuffer.wrap(name))).toString())
          .isEqualTo(name);
      assertThat(ADMIN.find(name).orElseThrow().object()).isEqualTo(name);
    }
    List<String> listed = new ArrayList<>();
    ADMIN.list(Listing.all(10)).forEachRemaining(one -> listed.add(one.object()));
    TreeSet<String> inOrder =
        new TreeSet<>(
            (one, other) -> Arrays.compareUnsigned(one.getBytes(UTF_8), other.getBytes(UTF_8)));
    inOrder.addAll(taken);
    assertThat(listed).isEqualTo(List.copyOf(inOrder));
    listed.forEach(name -> ADMIN.remove(name, OptionalLong.empty(), NOTE));
  }

  private static String text(byte[] input) {
    return input.length > 0 && input[0] == (byte) 0xfe
        ? ByteBuffer.wrap(input).asCharBuffer().toString()
        : new String(input, UTF_8);
  }

  private static boolean isTaken(String name) {
    try {
      return AssignmentRequest.of(KIND, name).object().equals(name);
    } catch (InvalidValueException refused) {
      assertThat(refused.getMessage().codePoints().anyMatch(Character::isISOControl))
          .as(refused.getMessage())
          .isFalse();
      assertThat(refused.getMessage().length()).isLessThan(10 * 255);
      return false;
    }
  }
}
