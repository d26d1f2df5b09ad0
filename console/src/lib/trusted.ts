// Trusted: a worker's address is code to a browser, so it needs a policy. This one lets one
// kind of address through: a file of our own page.

interface Policy {
  createScriptURL: (url: string) => string;
}
interface Factory {
  createPolicy: (name: string, rules: { createScriptURL: (url: string) => string }) => Policy;
}

const factory = (window as unknown as { trustedTypes?: Factory }).trustedTypes;
const policy = factory?.createPolicy('clearline-worker', {
  createScriptURL: (url) => {
    const whole = new URL(url, location.href);
    if (whole.origin === location.origin && whole.pathname.startsWith('/assets/')) return url;
    throw new TypeError('Only a file of this page is a worker.');
  },
});

/** The address of a worker of our own, as the browser wants it. */
export const workerUrl = (url: string): string => policy?.createScriptURL(url) ?? url;
