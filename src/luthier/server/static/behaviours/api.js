// One request to the API; what it refuses is thrown as an error with its problem.
export async function api(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  const document = await answer.json();
  if (!answer.ok) throw Object.assign(new Error("refused"), { problem: document });
  return document;
}

// The sentence of a problem and what can be done about it, a line each.
export function sentences(error) {
  const problem = error.problem ?? { detail: "The server does not answer." };
  return [problem.detail, ...(problem.actions ?? []).map(({ label, command }) => `${label}${command ? `: ${command}` : "."}`)].join("\n");
}
