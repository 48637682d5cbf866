/** Words for names that nobody chose. */
const ADJECTIVES =
  "agile amber bold brave bright brisk calm clever cosy crisp curious daring deft eager early easy fair fleet fond " +
  "frank free gentle glad golden grand green happy hardy honest humble jolly keen kind lively loyal lucky mellow merry " +
  "mild modest neat nimble noble patient plain plucky polite prompt proud quick quiet rapid ready robust rosy serene " +
  "sharp silent silver simple sincere sleek smart snug sober solid sound spry steady still sturdy sunny sure swift " +
  "tender tidy trusty upbeat vivid warm wise witty worthy young zesty";

/** People who built, counted, sailed, healed or thought. */
const SURNAMES =
  "abel agnesi allen anning apgar archimedes babbage banneker bassi bell bernoulli bohr boole borg brahe brown burnell " +
  "cantor carson cerf chandra clarke conway cori curie darwin davy dijkstra dirac ellis engelbart erdos euclid euler " +
  "faraday fermat fermi feynman franklin galilei galois gauss germain goodall hamilton hawking herschel hopper " +
  "hypatia jackson jemison jones kepler kilby knuth kowalevski lamarr leavitt lovelace mayer mcclintock meitner " +
  "mendel mirzakhani napier newton noether pascal pasteur perlman planck ramanujan ride ritchie salk shannon " +
  "somerville tesla thompson torvalds turing volta wilson wozniak wright wu yalow";

/** A name such as `merry_hopper`; with `attempt` above 0, a number follows. */
export function randomName(attempt: number): string {
  const adjectives = ADJECTIVES.split(" ");
  const surnames = SURNAMES.split(" ");
  const name = `${adjectives[random(adjectives.length)]}_${surnames[random(surnames.length)]}`;
  return attempt === 0 ? name : `${name}${random(10 ** Math.min(attempt, 9))}`;
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
