// What all of the page needs: elements by their ids, and questions to the service.
export const element = (id) => document.getElementById(id);

export async function ask(path, options = {}) {
  const answer = await reached(path, options);
  if (answer.ok) return answer.json();
  throw new Error(await reason(answer));
}

export async function askForPicture(path, options = {}) {
  const answer = await reached(path, options);
  if (!answer.ok) throw new Error(await reason(answer));
  return URL.createObjectURL(await answer.blob());
}

// What a browser says of a service that does not run differs from one to the other, and helps nobody.
async function reached(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Error("The service does not answer: is retrieve serve still running?");
  }
}

async function reason(answer) {
  try {
    return (await answer.json()).detail;
  } catch {
    return `the service answered ${answer.status}`;
  }
}

export function posted(file) {
  const body = new FormData();
  body.append("file", file);
  return { method: "POST", body };
}

export function parameters(values) {
  const kept = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return new URLSearchParams(kept).toString();
}
