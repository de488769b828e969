package dev.sharder;

/**
 * How far a long piece of work has come; everything it counts is committed.
 *
 * @param answered how many objects have their answer, of those asked for so far
 * @param made how many of them were new, and assigned by this work
 */
public record Progress(long answered, long made) {

  public Progress plus(Progress more) {
    return new Progress(answered + more.answered, made + more.made);
  }
}
