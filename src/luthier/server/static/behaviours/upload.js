// Sends a form with a file. fetch cannot say how much has been sent; XMLHttpRequest can. Aborting what this gives back
// calls it off.
export function send(address, body, { sent, done, refused }) {
  const request = new XMLHttpRequest();
  request.open("POST", address);
  request.setRequestHeader("X-Luthier", "1");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => sent(loaded, total));
  request.addEventListener("load", () => (request.status === 201 ? done(request.response) : refused(request.response)));
  request.addEventListener("error", () => refused({ detail: "The file could not be sent.", actions: [] }));
  request.send(body);
  return request;
}

export function inWords(problem) {
  return [problem.detail, ...problem.actions.map(({ label }) => `${label}.`)].join(" ");
}
