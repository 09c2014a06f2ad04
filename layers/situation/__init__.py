"""What is told of the situation: cases as columns, the rules of assessment, units and their indicators, clusters."""
