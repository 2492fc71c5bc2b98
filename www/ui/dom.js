/** Small helpers for making elements. Text always goes in as text: names are never markup. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | ((event: any) => void)>} [attributes] `on...` functions become listeners;
 *   true sets an attribute without value, false leaves it out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * A name within a sentence: set apart, so that a name written from right to left does not turn the words around it.
 * @param {string} name
 */
export function nameElement(name) {
  return make('bdi', { dir: 'auto' }, name);
}

/**
 * A text in which `{name}` becomes an element of its own.
 * @param {string} sentence with the literal {name}
 * @param {string} name
 * @returns {(Node | string)[]}
 */
export function withName(sentence, name) {
  const [before, ...after] = sentence.split('{name}');
  return after.length ? [before, nameElement(name), after.join('{name}')] : [before];
}

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} type
 * @param {ParentNode} [root]
 * @returns {T}
 */
export function find(selector, type, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page lacks ${selector}`);
  return element;
}
