/** Losses and metrics by Keras's names: `loss`, `accuracy`, of validation data `val_loss`; with several outputs `topic_loss`, `topic_accuracy`. */
export type Logs = Readonly<Record<string, number>>;
