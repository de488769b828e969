// Bars and the small line, drawn without a library.

import { drawn, element } from "./elements.js";
import { number } from "./format.js";
import { mean } from "./model.js";

const share = (part, whole) => `${Math.min(100, Math.max(0, whole > 0 ? (100 * part) / whole : 0))}%`;

/** The load of a bin against its capacity, or else against twice the mean, with a mark at the mean. */
export function loadBar(bin) {
  const fill = element("span", "", { class: "fill" });
  const bar = element("span", fill, { class: "bar", role: "meter", "aria-label": `load of ${bin.bin}`, "aria-valuemin": 0 });
  renewLoadBar(bar, bin);
  return bar;
}

export function renewLoadBar(bar, bin) {
  const [fill] = bar.children;
  const middle = mean(bin);
  const most = bin.capacity ?? 2 * middle;
  fill.style.inlineSize = share(bin.load, most);
  fill.classList.toggle("high", bin.capacity !== null && bin.load >= 0.9 * bin.capacity);
  bar.classList.toggle("mean", bin.capacity === null);
  bar.setAttribute("aria-valuemax", Math.max(bin.load, most, 1));
  bar.setAttribute("aria-valuenow", bin.load);
  const against = bin.capacity === null ? `the mean is ${number(Math.round(middle))}` : `of ${number(bin.capacity)}`;
  bar.setAttribute("aria-valuetext", `${number(bin.load)}${bin.capacity === null ? ", " : " "}${against}`);
  bar.title = bar.getAttribute("aria-valuetext");
}

/** The load of a bin before and after a plan. */
export function planBars(level, most) {
  const one = (kind, load) => {
    const fill = element("span", "", { class: "fill" });
    fill.style.inlineSize = share(load, most);
    return element("span", [element("span", fill, { class: "bar" }), element("span", number(load), { class: "number" })], { class: kind });
  };
  return [one("before", level.load), one("after", level.then)];
}

const width = 120;
const height = 28;

/** A line of counts, the oldest first. */
export function sparkline(counts, label) {
  const top = Math.max(1, ...counts);
  const points = counts.map((count, i) => {
    const x = ((i * width) / (counts.length - 1)).toFixed(1);
    return `${x},${(height - 1 - (count * (height - 3)) / top).toFixed(1)}`;
  });
  return drawn("svg", { class: "sparkline", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, [
    drawn("polygon", { points: `0,${height} ${points.join(" ")} ${width},${height}` }),
    drawn("polyline", { points: points.join(" ") }),
  ]);
}
