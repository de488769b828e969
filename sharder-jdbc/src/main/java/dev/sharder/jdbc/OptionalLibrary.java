package dev.sharder.jdbc;

/** A library that the application may bring. Classes that name its types are loaded only then. */
final class OptionalLibrary {

  private OptionalLibrary() {}

  /** Returns whether this package can use a class of the library. */
  static boolean has(String className) {
    try {
      Class<?> found = Class.forName(className, false, OptionalLibrary.class.getClassLoader());
      // A module does not read what is on the class path, unless it says so.
      OptionalLibrary.class.getModule().addReads(found.getModule());
      return true;
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }
}
