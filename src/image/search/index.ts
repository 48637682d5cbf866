export { type FoundRepository, listTags, searchRepositories, type SearchOptions } from "./search.ts";
