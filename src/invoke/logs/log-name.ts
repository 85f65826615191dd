/** A log file's name says at which position of the function's log it begins; names sort by that. */
const DIGITS = 16; // as many as a safe integer has

export const logName = (start: number): string => `${String(start).padStart(DIGITS, "0")}.log`;

export const isLogName = (name: string): boolean => /^\d{16}\.log$/.test(name);

export const startOf = (name: string): number => Number.parseInt(name, 10);
