export default {
  base: './',
  // The package finds its worker, its module and its networks by their addresses beside it; bundled for development into
  // one file elsewhere, it would not.
  optimizeDeps: { exclude: ['brow-recogniser'] },
  build: { assetsInlineLimit: 0, target: 'es2022' },
};
