package dev.sharder.examples.hub.page;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.microsoft.playwright.CDPSession;
import com.microsoft.playwright.Page;

/**
 * What a page costs its browser, measured over the DevTools protocol after a garbage collection.
 *
 * @param heap the bytes of its JavaScript objects
 * @param nodes its DOM nodes
 * @param listeners its event listeners
 */
record BrowserMetrics(long heap, long nodes, long listeners) {

  static BrowserMetrics of(Page page) {
    CDPSession session = page.context().newCDPSession(page);
    try {
      session.send("Performance.enable");
      session.send("HeapProfiler.enable");
      session.send("HeapProfiler.collectGarbage");
      JsonObject metrics = session.send("Performance.getMetrics");
      return new BrowserMetrics(
          value(metrics, "JSHeapUsedSize"),
          value(metrics, "Nodes"),
          value(metrics, "JSEventListeners"));
    } finally {
      session.detach();
    }
  }

  private static long value(JsonObject metrics, String name) {
    for (JsonElement metric : metrics.getAsJsonArray("metrics")) {
      if (metric.getAsJsonObject().get("name").getAsString().equals(name)) {
        return metric.getAsJsonObject().get("value").getAsLong();
      }
    }
    throw new IllegalArgumentException("the browser has no metric " + name);
  }
}
