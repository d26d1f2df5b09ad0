// Measuring: OpenLayers measures the height of a font with one letter, written as markup. The
// policy lets that letter through, and nothing else that is not made by a policy of its own.

interface Policies {
  createPolicy: (name: string, rules: { createHTML: (text: string) => string }) => unknown;
}

const LETTER = 'M';
const policies = (window as unknown as { trustedTypes?: Policies }).trustedTypes;
policies?.createPolicy('default', {
  createHTML: (text) => {
    if (text === LETTER) return text;
    throw new TypeError('No text becomes markup on this page.');
  },
});
