package dev.sharder.examples.hub.files;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;

/** Says why a file cannot be used. */
public final class FileFailure {

  private FileFailure() {}

  /** Returns the reason in words, without the name of the file. */
  public static String reason(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "there is no such file or folder";
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof CharacterCodingException) {
      return "it is not in UTF-8";
    }
    String message = String.valueOf(failure.getMessage());
    return failure instanceof FileSystemException named
        ? Objects.requireNonNullElse(named.getReason(), message)
        : message;
  }
}
