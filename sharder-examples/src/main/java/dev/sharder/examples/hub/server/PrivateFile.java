package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.files.FileDraft;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Files that contain user names. A new file is readable only by its owner (0600), regardless of the
 * umask; an existing file keeps its permissions.
 */
public final class PrivateFile {

  private static final FileAttribute<?>[] OWNER_ALONE =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
          ? new FileAttribute<?>[] {
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
          }
          : new FileAttribute<?>[0];

  private static final String DRAFT = ".sharder";
  private static final String DRAFT_END = ".draft";

  /** Another program may be writing a younger draft. */
  private static final Duration LEFT = Duration.ofDays(1);

  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  private PrivateFile() {}

  /** Writes text. */
  public interface Text {

    /** Writes it all, or throws. */
    void writeTo(PrintWriter out) throws IOException;
  }

  /**
   * Writes a file in UTF-8. If that fails, an existing file keeps its content: a reader sees the
   * old text or the new one, whole. A bind mount or another user's file, which cannot be replaced,
   * is written in place once all of the text is there. A pipe, a device, and a file in a folder
   * that is not writable are written in place from the start.
   */
  public static void write(Path file, Text text) throws IOException {
    Optional<Path> replaced = replaceable(file);
    if (replaced.isEmpty()) {
      write(writer(file), text);
      return;
    }
    FileDraft.deleteLeft(
        Objects.requireNonNull(replaced.get().getParent()), DRAFT, DRAFT_END, LEFT);
    try (FileDraft draft = FileDraft.of(replaced.get(), DRAFT, DRAFT_END)) {
      // For a program that is interrupted.
      draft.path().toFile().deleteOnExit();
      write(writer(draft.path()), text);
      replace(replaced.get(), draft);
    }
  }

  /** Returns the file to replace; empty if it is to be written in place. */
  private static Optional<Path> replaceable(Path file) throws IOException {
    Path whole = file.toAbsolutePath();
    // An open file has a name there, such as /dev/stdout.
    boolean isOpen = whole.startsWith("/dev") || whole.startsWith("/proc");
    boolean exists = Files.exists(whole);
    if (isOpen || (exists && !Files.isRegularFile(whole))) {
      return Optional.empty();
    }
    // What a symlink leads to, and not the symlink.
    Path real = exists ? whole.toRealPath() : followed(whole);
    boolean isAllowed =
        Files.isWritable(Objects.requireNonNull(real.getParent()))
            && (!exists || Files.isWritable(real));
    return isAllowed ? Optional.of(real) : Optional.empty();
  }

  /** Returns where a symlink leads, although nothing is there. */
  private static Path followed(Path link) throws IOException {
    Path end = link;
    for (int links = 0; Files.isSymbolicLink(end); links++) {
      if (links == MOST_LINKS) {
        throw new FileSystemLoopException(link.toString());
      }
      end = end.resolveSibling(Files.readSymbolicLink(end));
    }
    return end;
  }

  private static void write(PrintWriter writer, Text text) throws IOException {
    try (writer) {
      text.writeTo(writer);
      if (writer.checkError()) {
        throw new IOException("not everything could be written; the disk may be full");
      }
    }
  }

  private static void replace(Path file, FileDraft draft) throws IOException {
    try {
      if (Files.exists(file)) {
        resemble(file, draft.path());
      }
      draft.replace();
    } catch (NoSuchFileException removed) {
      throw removed;
    } catch (FileSystemException busy) {
      draft.overwrite(busy);
    }
  }

  /** Gives the draft the owner, the group and the permissions of the file. */
  private static void resemble(Path file, Path draft) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(draft, PosixFileAttributeView.class);
    if (view == null) {
      return;
    }
    PosixFileAttributes now = Files.readAttributes(file, PosixFileAttributes.class);
    if (!now.group().equals(view.readAttributes().group())) {
      view.setGroup(now.group());
    }
    if (!now.owner().equals(view.readAttributes().owner())) {
      view.setOwner(now.owner());
    }
    view.setPermissions(now.permissions());
  }

  /** Opens a file for writing from the start, in UTF-8. */
  public static PrintWriter writer(Path file) throws IOException {
    Set<StandardOpenOption> anew =
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    return new PrintWriter(
        new OutputStreamWriter(
            Channels.newOutputStream(Files.newByteChannel(file, anew, OWNER_ALONE)),
            StandardCharsets.UTF_8));
  }

  /** Creates an empty file, unless the file exists. */
  static void make(Path file) throws IOException {
    if (!Files.exists(file)) {
      Files.createFile(file, OWNER_ALONE);
    }
  }
}
