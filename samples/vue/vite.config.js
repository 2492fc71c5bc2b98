import vue from '@vitejs/plugin-vue';

export default {
  base: './',
  plugins: [vue({ template: { compilerOptions: { isCustomElement: (name) => name === 'brow-recogniser' } } })],
  // As in samples/vite.
  optimizeDeps: { exclude: ['brow-recogniser'] },
  build: { assetsInlineLimit: 0, target: 'es2022' },
};
