terraform output -json bearer_tokens
