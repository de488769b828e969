package dev.sharder.examples.hub.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sharder.Assignment;
import dev.sharder.admin.Adoption;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;

@DisplayName(
    "A line of an import is taken or refused with a reason; an export comes back as it was")
@Timeout(10)
class ImportFuzzTest {

  private static final Path FILE = file();

  private static Path file() {
    try {
      Path file = Files.createTempFile("sharder-fuzz", ".txt");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException failure) {
      throw new IllegalStateException("there is no room for temporary files", failure);
    }
  }

  /** The input is a whole file, read as CSV and as JSON Lines. */
  @FuzzTest
  void isReadAndComesBackFromAnExport(byte[] input) throws IOException {
    for (boolean isCsv : List.of(true, false)) {
      Files.write(FILE, input);
      List<Adoption> read = read(isCsv);
      for (boolean toCsv : List.of(true, false)) {
        Files.writeString(FILE, exported(read, toCsv), UTF_8);
        assertThat(read(toCsv)).isEqualTo(read);
      }
    }
  }

  /** What may be taken over; all else has a reason, and a file that is none at all an error. */
  private static List<Adoption> read(boolean isCsv) {
    List<Adoption> adoptions = new ArrayList<>();
    try {
      Iterator<ImportRow> entries = ImportRow.in(InputFile.of(FILE), isCsv, "hub");
      while (entries.hasNext()) {
        ImportRow entry = entries.next();
        if (entry.adoption() != null) {
          adoptions.add(entry.adoption());
        } else {
          assertThat(entry.wrong()).isNotBlank();
        }
      }
    } catch (UsageException noImport) {
      assertThat(adoptions).isEmpty();
      assertThat(noImport.getMessage()).isNotBlank();
    }
    return adoptions;
  }

  private static String exported(List<Adoption> adoptions, boolean isCsv) throws IOException {
    StringWriter text = new StringWriter();
    Iterator<Assignment> rows = adoptions.stream().map(ImportFuzzTest::assignment).iterator();
    try (PrintWriter out = new PrintWriter(text)) {
      ExportCommand.write(rows, isCsv, new OutputOptions(), out);
    }
    return text.toString();
  }

  private static Assignment assignment(Adoption adoption) {
    return new Assignment(
        adoption.request().kind(),
        adoption.request().object(),
        adoption.bin(),
        1,
        Instant.EPOCH,
        adoption.request().size(),
        adoption.request().group());
  }
}
