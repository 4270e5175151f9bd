// Draws the figures in the <script type="application/json"> beside it with ECharts.
// Colours come from the tokens, the same figures stand in the table below.

let library;

export async function start(figure) {
  const canvas = figure.querySelector("[data-chart]");
  const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
  await Promise.all([load(figure.dataset.library), document.fonts.load("500 12px 'Pretendard Variable'", "만11")]);
  const chart = window.echarts.init(canvas, null, { renderer: figure.dataset.renderer ?? "svg" });
  const draw = () => chart.setOption(options(data, tokens(), canvas.clientWidth), true);
  draw();
  new ResizeObserver(() => {
    chart.resize();
    draw();
  }).observe(canvas);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  chart.on("click", (event) => {
    const href = data.points[event.dataIndex]?.href;
    if (href) location.assign(href);
  });
}

function load(source) {
  library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
  return library;
}

function tokens() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function options(data, token, width) {
  const points = data.points;
  const narrow = width < 560;
  const text = { color: token("ink-3"), fontFamily: token("font"), fontSize: 12 };
  const every = narrow ? Math.ceil(points.length / 6) : points.length > 16 ? Math.ceil(points.length / 12) : 1;
  const bar = (values, color, labelled, position) => ({
    type: "bar",
    stack: "day",
    barWidth: narrow ? "62%" : 26,
    barMaxWidth: 26,
    itemStyle: { color },
    emphasis: { disabled: true },
    cursor: "pointer",
    data: values.map((value, index) => ({
      value,
      itemStyle: points[index].running && value > 0
        ? { color: "transparent", borderColor: color, borderType: "dashed", borderWidth: 1.5 }
        : undefined,
      label: {
        show: labelled.has(index),
        position,
        distance: 6,
        formatter: points[index][position === "top" ? "gross_label" : "cancelled_label"],
        color: position === "top" ? token("ink") : token("red"),
        fontFamily: token("font"),
        fontWeight: 600,
        fontSize: 12,
        textBorderColor: token("paper"),
        textBorderWidth: 3,
      },
    })),
  });
  const gross = points.map((point) => point.gross);
  const cancelled = points.map((point) => -point.cancelled);
  return {
    animation: false,
    aria: { enabled: false },
    grid: { left: 4, right: 4, top: 26, bottom: 4, outerBoundsMode: "same", containLabel: true },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "none" },
      backgroundColor: "transparent",
      borderWidth: 0,
      padding: 0,
      extraCssText: "",
      formatter: (items) => tip(points[items[0].dataIndex], data),
    },
    xAxis: {
      type: "category",
      data: points.map((point) => point.label),
      axisTick: { show: false },
      axisLine: { onZero: true, lineStyle: { color: token("ink"), width: 1 } },
      axisLabel: {
        ...text,
        interval: (index) => (points.length - 1 - index) % every === 0,
        margin: 14,
        lineHeight: 16,
        rich: { now: { color: token("ink"), fontWeight: 600, fontSize: 12, fontFamily: token("font"), lineHeight: 16 } },
        formatter: (label, index) =>
          points[index].running ? label.split("\n").map((line) => `{now|${line}}`).join("\n") : label,
      },
    },
    yAxis: {
      type: "value",
      axisTick: { show: false, customValues: data.marks },
      axisLabel: { ...text, customValues: data.marks, formatter: (value) => data.axis[String(value)] ?? "" },
      max: data.max,
      min: data.min,
      splitLine: { show: false },
    },
    series: [
      lines(data.marks.filter((mark) => mark > 0), token("line")),
      bar(gross, token("bar"), marked(points, "gross"), "top"),
      bar(cancelled, token("bar-red"), marked(points, "cancelled"), "bottom"),
    ],
  };
}

// The grid, drawn at the round values alone; nothing below the axis.
function lines(values, color) {
  return {
    type: "line",
    data: [],
    silent: true,
    markLine: {
      z: 0,
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: { color, width: 1, type: "solid" },
      data: values.map((yAxis) => ({ yAxis })),
    },
    z: 0,
  };
}

// At most three values are written into the chart: the highest, the latest, the largest cancelled.
function marked(points, name) {
  const values = points.map((point) => point[name]);
  const most = values.indexOf(Math.max(...values));
  const chosen = new Set(values[most] > 0 ? [most] : []);
  if (name === "gross" && points.at(-1)?.running) chosen.add(points.length - 1);
  return chosen;
}

function tip(point, data) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  const head = document.createElement("div");
  head.textContent = point.label.replace("\n", " ");
  box.append(head);
  for (const [word, value] of [
    [data.words.gross, point.gross_text],
    [data.words.cancelled, point.cancelled_text],
    [data.words.net, point.net_text],
  ]) {
    const line = document.createElement("div");
    line.className = "chart-tip__line";
    const name = document.createElement("span");
    name.textContent = word;
    const figure = document.createElement("b");
    figure.textContent = value;
    line.append(name, figure);
    box.append(line);
  }
  return box;
}
