/**
 * How a state's people cross from the worker to the page: as what is other than in the state before, for of ten thousand copies all but one
 * would be what the page has already. Both sides keep the list that was told last; messages keep their order.
 */

/** @import { PersonSummary, State } from '../types.js' */

/**
 * @typedef {object} Difference between a list of people and the one before
 * @property {[number, PersonSummary][]} put who is new or other, and their place in the list, in its order
 * @property {string[]} gone ids of whoever is in the list no more
 */
/** @typedef {Omit<State, 'people'> & {people: Difference}} ToldState a state on its way */

/**
 * @param {readonly PersonSummary[]} before
 * @param {readonly PersonSummary[]} after whoever is the same in both is the same object, and those stand in the same order
 * @returns {Difference}
 */
export function difference(before, after) {
  const left = new Map(before.map((person) => [person.id, person]));
  /** @type {[number, PersonSummary][]} */
  const put = [];
  after.forEach((person, place) => {
    if (left.get(person.id) !== person) put.push([place, person]);
    left.delete(person.id);
  });
  return { put, gone: [...left.keys()] };
}

/** @param {readonly PersonSummary[]} before @param {Difference} difference @returns {PersonSummary[]} */
export function applied(before, { put, gone }) {
  const away = new Set([...gone, ...put.map(([, { id }]) => id)]);
  const stay = before.filter(({ id }) => !away.has(id));
  /** @type {PersonSummary[]} */
  const after = [];
  let next = 0;
  for (const [place, person] of put) {
    while (after.length < place) after.push(stay[next++]);
    after.push(person);
  }
  return [...after, ...stay.slice(next)];
}

/**
 * An answer, or what else is told, with the state in it put another way; most hold none.
 * @param {any} value a state, or what has one under `state`
 * @param {(people: any) => unknown} way
 */
export function withPeople(value, way) {
  const state = stateIn(value);
  if (!state) return value;
  const other = { ...state, people: way(state.people) };
  return state === value ? other : { ...value, state: other };
}

/** @param {any} value @returns {any} the state that it is or holds */
function stateIn(value) {
  const state = value?.state ?? value;
  return state?.people && state.settings ? state : null;
}
