// A database for tests: filled once, and then each test gets one of its own in the state it was left in.
import type { Container, Engine } from "husk";

const IMAGE = "example/redis";

/** A database at work. */
export interface Database {
  readonly container: Container;
  /** A command of Redis and what it answers, such as `query("GET", "key")`. */
  query(...words: readonly string[]): Promise<string>;
}

/** The database of a container, which is started if it does not run; returns when it takes commands. */
export async function openDatabase(container: Container): Promise<Database> {
  await container.start();
  const query = async (...words: readonly string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await container.exec([
      "redis-cli",
      "-s",
      "/data/redis.sock",
      ...words,
    ]);
    if (exitCode !== 0) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout).trimEnd();
  };
  for (let attempt = 0; (await query("PING").catch(() => "")) !== "PONG"; attempt++) {
    if (attempt === 200) throw new Error("the database does not begin");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return { container, query };
}

/**
 * Makes the database that all others begin as.
 *
 * @param fill puts in what every test wants to find
 * @returns a container that has been stopped with everything written down
 */
export async function prepareDatabase(
  husk: Engine,
  fill: (database: Database) => Promise<void>,
): Promise<Container> {
  await husk.images.make(IMAGE, ["redis-server", "redis-cli"], {
    config: {
      WorkingDir: "/data",
      Entrypoint: null,
      Cmd: ["redis-server", "--port", "0", "--unixsocket", "/data/redis.sock", "--save", "3600 1"],
    },
  });
  const container = await husk.containers.create(IMAGE, [], { name: "prepared-database" });
  const database = await openDatabase(container);
  await fill(database);
  await container.stop();
  return container;
}

/** Gives a test a database of its own, which is gone afterwards. Any number at once do not see each other. */
export async function withDatabase<T>(
  prepared: Container,
  test: (database: Database) => Promise<T>,
): Promise<T> {
  const container = await prepared.fork();
  try {
    return await test(await openDatabase(container));
  } finally {
    await container.remove({ force: true });
  }
}
