export function App() {
  return <main>littleflow</main>;
}
