// Draws a chart when it comes near the window. Figures come as JSON beside it, colours from the stylesheet.
const charts = (() => {
  const CONFIG = { displayModeBar: false, responsive: true, scrollZoom: false, doubleClick: false };
  let plotly;

  function library() {
    plotly ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = document.body.dataset.plotly;
      script.onload = () => done(window.Plotly);
      script.onerror = failed;
      document.head.append(script);
    });
    return plotly;
  }

  // "var(--c1)" and "var(--c1,.15)" (with opacity) become the colour of the present theme.
  function colours() {
    const probe = document.createElement("i");
    document.body.append(probe);
    const seen = {};
    const resolve = (text) => text.replace(/^var\((--[\w-]+)(?:,([\d.]+))?\)$/, (all, name, alpha) => {
      probe.style.color = `var(${name})`;
      const rgb = getComputedStyle(probe).color;
      return alpha ? rgb.replace("rgb(", "rgba(").replace(")", `, ${alpha})`) : rgb;
    });
    const walk = (value) =>
      typeof value === "string" ? (value.startsWith("var(") ? (seen[value] ??= resolve(value)) : value)
        : Array.isArray(value) ? (typeof value[0] === "number" ? value : value.map(walk))
          : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, walk(v)]))
            : value;
    return { walk, end: () => probe.remove() };
  }

  // The zone that the reader has chosen, else the browser's. Swedes write dates as machines do.
  const chosen = document.documentElement.dataset.zone;
  const clocks = chosen && new Intl.DateTimeFormat("sv-SE", { timeZone: chosen, dateStyle: "short", timeStyle: "medium" });

  // Hours are sent in UTC and shown in the reader's time, as in the tables.
  function local(x) {
    if (!x.endsWith("Z")) return x;
    const d = new Date(x);
    if (clocks) return clocks.format(d).replace(" ", "T");
    return new Date(d - d.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
  }

  // Days stay days of UTC; hours are the reader's.
  function zone(x) {
    return x.endsWith("Z") ? chosen || Intl.DateTimeFormat().resolvedOptions().timeZone : "UTC";
  }

  // Before anything is drawn: the longer words may need a line more.
  function nameZone(box) {
    const label = box.closest("section")?.querySelector("[data-zone]");
    const first = JSON.parse(document.getElementById(box.dataset.spec).textContent).layout.xaxis?.range?.[0];
    if (label && typeof first === "string") label.textContent = `, ${zone(first)} time`;
  }

  function figure(box) {
    const { data, layout } = JSON.parse(document.getElementById(box.dataset.spec).textContent);
    const { walk, end } = colours();
    const traces = data.map((trace) => {
      const format = figures[trace.meta];
      const more = { x: trace.x.map(local) };
      if (format) Object.assign(more, { customdata: trace.y.map(format), hovertemplate: "%{customdata}" });
      return { ...walk({ ...trace, x: undefined }), ...more };
    });
    const style = getComputedStyle(document.body);
    const full = walk({ ...layout, font: { family: style.fontFamily, size: 11, color: "var(--text-2)" }, separators: figures.separators });
    end();
    for (const shape of full.shapes ?? []) if (typeof shape.x0 === "string") [shape.x0, shape.x1] = [local(shape.x0), local(shape.x1)];
    for (const note of full.annotations ?? []) if (typeof note.x === "string") note.x = local(note.x);
    // The range as well: left in UTC it cut off the newest hours east of Greenwich, the oldest west of it.
    for (const [name, axis] of Object.entries(full)) if (name.startsWith("xaxis") && typeof axis.range?.[0] === "string") {
      if (axis.hoverformat) axis.hoverformat += ` ${zone(axis.range[0])}`;
      if (box.clientWidth < 480 && axis.tickformat?.includes("%b %H")) Object.assign(axis, { nticks: 3, tickangle: 0 }); // day and hour are long
      axis.range = axis.range.map(local);
    }
    if (box.clientWidth < 480) unclutter(full, box.clientWidth);
    return [traces, full];
  }

  // On a phone labels of events would lie over each other: the newest keep theirs, the lines all stay.
  function unclutter({ annotations, xaxis }, width) {
    if (typeof xaxis?.range?.[0] !== "string") return;
    const [first, last] = xaxis.range.map(Date.parse);
    let free = Infinity;
    for (const note of (annotations ?? []).filter((one) => one.yref === "paper" && one.y === 1).reverse()) {
      const at = (Date.parse(note.x) - first) / (last - first) * width * 0.7, long = note.text.length * 6;
      const begin = note.xanchor === "left" ? at : note.xanchor === "right" ? at - long : at - long / 2;
      if (begin + long > free) note.text = ""; else free = begin;
    }
  }

  async function draw(box) {
    const Plotly = await library();
    await new Promise((next) => setTimeout(next)); // one task per chart
    if (!box.isConnected) return;
    const [traces, layout] = figure(box);
    await Plotly.react(box.firstElementChild, traces, layout, CONFIG);
    box.dataset.drawn = "";
  }

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) {
      near.unobserve(entry.target);
      draw(entry.target).catch(() => { entry.target.textContent = "The chart could not be drawn; its table has the figures."; });
    }
  }, { rootMargin: "200px" });

  function watch(root) {
    for (const box of root.querySelectorAll("[data-spec]:not([data-drawn])")) { nameZone(box); near.observe(box); }
  }

  function redraw() {
    for (const box of document.querySelectorAll("[data-drawn]")) draw(box);
  }

  function forget(root) {
    if (window.Plotly && root.querySelectorAll) for (const box of root.querySelectorAll("[data-drawn] > div")) window.Plotly.purge(box);
  }

  // On paper every chart is there, in light colours and as wide as the page. Nothing may wait meanwhile.
  const root = document.documentElement, PAPER = 640;
  let theme;
  addEventListener("beforeprint", () => {
    if (!window.Plotly) return;
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    for (const box of document.querySelectorAll("[data-spec]")) {
      const [traces, layout] = figure(box);
      window.Plotly.react(box.firstElementChild, traces, { ...layout, width: PAPER }, CONFIG);
      box.dataset.drawn = "";
    }
  });
  addEventListener("afterprint", () => {
    if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
    redraw();
  });

  return { watch, redraw, forget };
})();
