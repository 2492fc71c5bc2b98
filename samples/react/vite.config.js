export default {
  base: './',
  esbuild: { jsx: 'automatic' },
  // As in samples/vite.
  optimizeDeps: { exclude: ['brow-recogniser'] },
  build: { assetsInlineLimit: 0, target: 'es2022' },
};
