package dev.sharder.admin;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;

/** Reads a long list page by page. Not thread-safe. */
final class PagedIterator<T, P> implements Iterator<T> {

  /** Rows in a page: enough to be fast, few enough not to block others. */
  static final int PAGE = 1_000;

  private final Function<P, List<T>> read;
  private final Function<T, P> next;
  private P page;
  private Iterator<T> rows = List.<T>of().iterator();
  private boolean ended;

  private PagedIterator(Function<P, List<T>> read, Function<T, P> next, P first) {
    this.read = read;
    this.next = next;
    this.page = first;
  }

  /**
   * Returns the rows of all pages, each read when it is needed.
   *
   * @param read reads the rows of a page; an empty page is the last
   * @param next returns the page after the one that ends with the given row
   */
  static <T, P> Iterator<T> over(Function<P, List<T>> read, Function<T, P> next, P first) {
    return new PagedIterator<>(read, next, first);
  }

  @Override
  public boolean hasNext() {
    if (!rows.hasNext() && !ended) {
      List<T> more = read.apply(page);
      rows = more.iterator();
      ended = more.isEmpty();
      if (!ended) {
        page = next.apply(more.get(more.size() - 1));
      }
    }
    return rows.hasNext();
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException("there are no more rows");
    }
    return rows.next();
  }
}
