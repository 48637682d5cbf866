// Containers that run already when they are needed. Each is used once.
import type { Container, ContainerOptions, Engine, ImageSource } from "husk";

export interface PoolOptions {
  readonly image: ImageSource;
  /** So many stand ready. */
  readonly size: number;
  readonly options?: ContainerOptions;
}

/** A pool of containers that wait for work. */
export class WarmPool {
  readonly #husk: Engine;
  readonly #wanted: PoolOptions;
  readonly #ready: Promise<Container>[] = [];
  #isClosed = false;

  constructor(husk: Engine, wanted: PoolOptions) {
    this.#husk = husk;
    this.#wanted = wanted;
    this.#fill();
  }

  /** Resolves when all of them run. */
  async warm(): Promise<void> {
    await Promise.all(this.#ready);
  }

  /** Gives `work` a container that nobody has used, and removes it afterwards; another one takes its place. */
  async use<T>(work: (container: Container) => Promise<T>): Promise<T> {
    const next = this.#ready.shift();
    if (next === undefined || this.#isClosed) throw new Error("the pool is closed");
    this.#fill();
    const container = await next;
    try {
      return await work(container);
    } finally {
      await container.remove({ force: true });
    }
  }

  /** Removes those that stand ready. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const ready = await Promise.allSettled(this.#ready.splice(0));
    await Promise.all(
      ready.map((one) => (one.status === "fulfilled" ? one.value.remove({ force: true }) : undefined)),
    );
  }

  #fill(): void {
    const { image, size, options = {} } = this.#wanted;
    // It does nothing but wait; what is to be done is run in it by exec.
    while (this.#ready.length < size) {
      const container = this.#husk.containers.run(image, ["sleep", "infinity"], { ...options, init: true });
      // Whoever takes it learns of a failure.
      container.catch(() => {});
      this.#ready.push(container);
    }
  }
}
