package dev.sharder.examples;

import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * What a fuzzer sends, taken apart by lines, so that the inputs that are kept can be read and
 * written by hand.
 */
public final class FuzzInput {

  private FuzzInput() {}

  /**
   * Returns exactly that many parts: one a line, the last with all lines that are left. A part that
   * is missing is empty.
   */
  public static List<String> parts(byte[] input, int count, Charset charset) {
    List<String> parts = new ArrayList<>(List.of(new String(input, charset).split("\n", count)));
    parts.addAll(Collections.nCopies(count - parts.size(), ""));
    return parts;
  }
}
