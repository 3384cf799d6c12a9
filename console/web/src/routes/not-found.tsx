export function NotFound() {
  return (
    <section class="page empty">
      <h1>There is no such page</h1>
      <p>
        <a href="#/">All workflows</a>
      </p>
    </section>
  );
}
