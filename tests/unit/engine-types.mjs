/** What the engine's declarations say (types/worker/brow.d.ts, made from src/), by TypeScript's own reading of them. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config, ts.sys, root);
const program = ts.createProgram([`${root}www/types.js`], options);
const checker = program.getTypeChecker();
const shared = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(`${root}www/types.js`)));

function typeOf(name) {
  const symbol = shared.find((exported) => exported.name === name);
  return checker.getDeclaredTypeOfSymbol(symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
}

const members = (type) => (type.isUnion() ? type.types : [type]);
const textsOf = (type) => members(type).filter((member) => member.isStringLiteral()).map(({ value }) => value);
const property = (type, name) => {
  const found = type.getProperty(name);
  return found && checker.getTypeOfSymbol(found);
};

/** The texts that a type may be, by its name in www/types.js. @param {string} name @returns {string[]} */
export const textsNamed = (name) => textsOf(typeOf(name));

/** All that the engine may throw. @type {{code: string, why: string | null, values: {name: string, isNumber: boolean}[]}[]} */
export const engineFaults = members(typeOf('EngineFault')).flatMap((fault) => {
  const inside = property(fault, 'values');
  return textsOf(property(fault, 'code')).flatMap((code) => (inside ? members(inside) : [null]).map((values) => {
    const properties = values ? checker.getPropertiesOfType(values).filter(({ name }) => name !== 'why') : [];
    const why = values && property(values, 'why');
    return {
      code,
      why: why ? textsOf(why)[0] : null,
      values: properties.map((one) => ({ name: one.name, isNumber: Boolean(checker.getTypeOfSymbol(one).flags & ts.TypeFlags.NumberLike) })),
    };
  }));
});
