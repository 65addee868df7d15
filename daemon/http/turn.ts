/**
 * The end of a turn of the event loop. Answers that are ready within a turn are written together there: a write that finds
 * its reader asleep wakes it, which costs more than all the rest of an answer from memory, and a reader that is woken
 * once finds many. An answer waits for what came in the same turn at most.
 */

let answers: (() => void)[] = [];
let afterwards: (() => void)[] = [];
let isScheduled = false;

/** Has `answer` write its answer at the end of this turn. */
export function answerTogether(answer: () => void): void {
  answers.push(answer);
  schedule();
}

/** Has `task` run at the end of this turn, once the answers are written. */
export function afterAnswers(task: () => void): void {
  afterwards.push(task);
  schedule();
}

/** Does now what waits for the end of the turn: for whoever is about to close the connections that answers go to. */
export function endTurn(): void {
  const [first, then] = [answers, afterwards];
  answers = [];
  afterwards = [];
  for (const answer of first) answer();
  for (const task of then) task();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(() => {
    isScheduled = false;
    endTurn();
  });
}
