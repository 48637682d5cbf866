/** What a keeper says of its container. */
export interface KeeperStatus {
  /** The container's first process, as the keeper counts; 0: none runs, and it waits to start it again. */
  readonly pid: number;
  readonly state: "running" | "restarting";
}

/** What a client of a container's input sends, and what it is told. */
export interface KeeperAttachment {
  /** The container takes input. */
  readonly takesInput: boolean;
  /** Resolves when the keeper has taken it, so that nobody sends without end. */
  write(bytes: Uint8Array): Promise<void>;
  resize(rows: number, columns: number): void;
  /** Nothing more comes from this client. */
  end(): void;
  close(): void;
  /** Resolves when the container has ended, or the connection is closed. */
  readonly ended: Promise<void>;
}

/** A connection to one keeper's socket, for one question. All reject with HuskError "not-found" where nobody listens. */
export interface KeeperSocket {
  status(): Promise<KeeperStatus>;
  /** Sends a signal to the container's first process. */
  signal(signal: number): Promise<void>;
  /** Never start it again; `signal` 0 sends none. */
  stop(signal: number): Promise<void>;
  resize(rows: number, columns: number): Promise<void>;
  /** Resolves when the container has ended and its exit record is written. */
  wait(signal?: AbortSignal): Promise<void>;
  /**
   * Output is read from the log, from where it ends before this call or from its start; `grown` is called when
   * something may have been appended.
   */
  attach(wantsInput: boolean, grown: () => void): Promise<KeeperAttachment>;
}
