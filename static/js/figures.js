// How numbers and times are written in the browser: the twin of featurememory/templatetags/figures.py.
// tests/featurememory/figures.json holds the vectors that both must meet.
const figures = (() => {
  const MINUS = "\u2212";
  const NONE = "none";

  const LARGEST = 1e15; // from here on digits are no help: evidence multiplies, and has no upper end

  function power(value) {
    const end = Number.isFinite(value) ? "10^" + Math.floor(Math.log10(Math.abs(value))) : "∞";
    return (value < 0 ? MINUS : "") + end;
  }

  // The signs of the reader: thousands, decimals. The server names them in <html data-numbers>.
  const STYLES = { point: [".", ","], space: ["\u202f", ","], apostrophe: ["\u2019", "."] };
  const style = typeof document === "undefined" ? undefined : STYLES[document.documentElement.dataset.numbers];
  const chosen = (text) => (style ? text.replace(/[,.]/g, (sign) => style[sign === "," ? 0 : 1]) : text);
  const fixed = (value, digits) => chosen(plain(value, digits));

  function plain(value, digits) {
    if (Number.isNaN(value)) return NONE;
    if (Math.abs(value) >= LARGEST) return power(value);
    const text = Math.abs(value).toFixed(digits);
    const [whole, rest] = text.split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? "." + rest : "");
    return (value < 0 && Number(text) ? MINUS : "") + grouped;
  }

  function three(value) {
    const size = Math.abs(value);
    const text = plain(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
    return chosen(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  }

  const known = (f) => (value) => (value === null || value === undefined ? NONE : f(value));

  const number = known((v) => (Math.abs(v) >= 100 || Number.isInteger(v) ? fixed(v, 0) : three(v)));

  const compact = known((v) => {
    const size = Math.abs(v);
    if (size >= LARGEST) return power(v);
    for (const [limit, unit, name] of [[999.5e6, 1e9, "G"], [999.5e3, 1e6, "M"], [999.5, 1e3, "k"]])
      if (size >= limit) return `${three(v / unit)} ${name}`;
    return number(v);
  });

  const percent = known((v) => fixed(v * 100, v === 0 || v === 1 ? 0 : 1) + "%");
  const share = known((v) => fixed(v, 2));

  const points = known((v) => {
    const text = fixed(v * 100, 1);
    return `${text.startsWith(MINUS) ? text : "+" + text} pt`;
  });

  const duration = known((ms) => {
    if (ms < 99.5) return `${fixed(ms, ms < 9.95 ? 1 : 0)} ms`;
    for (const [limit, unit, name] of [[119995, 1e3, "s"], [7.2e6, 6e4, "min"]])
      if (ms < limit) {
        const value = ms / unit;
        return value < 10 && name === "s" ? `${fixed(value, 2)} s` : `${three(value)} ${name}`;
      }
    return `${three(ms / 3.6e6)} h`;
  });

  const size = known((value) => {
    let scaled = value, unit = "B";
    for (const name of ["kB", "MB", "GB", "TB"]) {
      if (Math.abs(scaled) < 999.5) break;
      [scaled, unit] = [scaled / 1000, name];
    }
    return `${fixed(scaled, Math.abs(scaled) < 9.95 && unit !== "B" ? 1 : 0)} ${unit}`;
  });

  const money = known((v) => {
    const size = Math.abs(v);
    const text = size && size < 0.01 ? chosen(size.toFixed(5).replace(/[.]?0+$/, "")) : fixed(size, size >= 100 ? 0 : 2);
    return (v < 0 && /[1-9]/.test(text) ? "\u2212$" : "$") + text;
  });

  function age(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    for (const [limit, unit, name] of [[60, 1, "s"], [3600, 60, "min"], [86400, 3600, "h"]])
      if (s < limit) return `${Math.floor(s / unit)} ${name}`;
    return `${Math.floor(s / 86400)} d`;
  }

  return { separators: style ? style[1] + style[0] : ".,", number, compact, percent, share, points, duration, size, money, age };
})();
