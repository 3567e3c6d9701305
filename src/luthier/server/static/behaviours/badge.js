// How far the run is, where one sees it while doing something else: the tab's icon and the badge of an installed page.
const SIZE = 32;
const canvas = document.createElement("canvas");
canvas.width = canvas.height = SIZE;
let shown = null;

export function badge(share) {
  if (share === shown) return;
  shown = share;
  const link = document.querySelector('link[rel="icon"]');
  link.type = "image/png";
  link.href = drawn(share);
  navigator.setAppBadge?.(share).catch(() => {}); // only where the page is installed
}

function drawn(share) {
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, SIZE, SIZE);
  pen.lineWidth = 6;
  for (const [end, colour] of [[1, "--line"], [share / 100, "--accent"]]) {
    pen.strokeStyle = resolved(colour);
    pen.beginPath();
    pen.arc(SIZE / 2, SIZE / 2, SIZE / 2 - 4, -Math.PI / 2, 2 * Math.PI * end - Math.PI / 2);
    pen.stroke();
  }
  return canvas.toDataURL("image/png");
}

// A canvas needs a colour, not the name of one, and only what is in the page has one.
function resolved(name) {
  canvas.style.color = `var(${name})`;
  document.body.append(canvas);
  const found = getComputedStyle(canvas).color;
  canvas.remove();
  return found;
}
