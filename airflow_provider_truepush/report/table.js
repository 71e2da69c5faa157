"use strict";
// Sorting the table of campaigns: by its headings, and by a list where the headings are hidden.
(function () {
  const table = document.getElementById("campaigns");
  const body = table.tBodies[0];
  const headings = Array.from(table.tHead.rows[0].cells);
  const list = document.getElementById("sort");
  // Unknown values stand last, whatever the direction.
  function order(column, text, down) {
    const rows = Array.from(body.rows).map((row, place) => ({ row, place, value: row.cells[column].dataset.value }));
    rows.sort(function (a, b) {
      if (a.value === "" || b.value === "") return (a.value === "") - (b.value === "") || a.place - b.place;
      const by = text ? a.value.localeCompare(b.value) : Number(a.value) - Number(b.value);
      return (down ? -by : by) || a.place - b.place;
    });
    body.append(...rows.map((one) => one.row));
    headings.forEach(function (heading, number) {
      if (number === column) heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    });
    list.value = column + (down ? "-" : "+");
  }
  headings.forEach(function (heading, column) {
    const text = heading.dataset.kind === "text";
    heading.querySelector("button").addEventListener("click", function () {
      const now = heading.getAttribute("aria-sort");
      // Numbers and times begin with the largest, names with the first.
      order(column, text, now ? now === "ascending" : !text);
    });
  });
  list.addEventListener("change", function () {
    const column = parseInt(list.value, 10);
    order(column, headings[column].dataset.kind === "text", list.value.endsWith("-"));
  });
})();
