
"use strict";
// One campaign after the other, so that the page can be read and scrolled meanwhile.
(function () {
  const blocks = Array.from(document.querySelectorAll("script[data-plots]"));
  const config = { displaylogo: false, displayModeBar: false, responsive: true, staticPlot: false, scrollZoom: false };
  function next() {
    const block = blocks.shift();
    if (!block) {
      document.documentElement.dataset.drawn = "true";
      return;
    }
    const plots = JSON.parse(block.textContent);
    const drawn = Object.keys(plots).map(function (kind) {
      const place = document.getElementById(kind + "-" + block.dataset.plots);
      return Plotly.newPlot(place, plots[kind].data, plots[kind].layout, config);
    });
    Promise.all(drawn).then(function () { setTimeout(next, 0); });
  }
  next();
})();
